"""Files and pixels: photos, layouts, animations, other tools' label maps, alignment and blending."""
