"""Another model is chosen: it comes back as it was left, or starts with an example."""

from __future__ import annotations

from ..controls import Controls, View
from ..state.examples import first_layout
from ..state.photos import fit_photo, underlay_url
from ..state.pipeline import canvas_size
from ..widgets.painter import painter_props
from .models import Models, beta_range, shape_style


def switch_model(models: Models, controls: Controls, model: str) -> View:
    """Leave the session's model for another. A new one keeps the settings that are there, but for the amplitude.

    Raises:
        InputError: there is no such model.
    """
    pipeline, session = models.pipeline(model), controls.session
    width, height = canvas_size(pipeline)
    controls.keep_set()
    left = session.switch(model, controls.canvas)
    opened = session.current.opened
    view = View(
        shape=shape_style(pipeline),
        painter={
            "value": left.labels if left else first_layout(pipeline.palette, width, height),
            "landing": session.current.landing,
            "photo": underlay_url(fit_photo(opened.base, width, height)[0]) if opened is not None else "",
            "heat": "",
            "spots": "",
            "model": model,
            **painter_props(pipeline.palette),
        },
        photo=session.current.photo,
        film=None,
        draft="",
        empty=False,
        before=underlay_url(opened.photo) if opened is not None else "",
        status=f"{model}: as you left it." if left else f"{model}: a layout to start from.",
        settings={"beta": beta_range(pipeline)},
    )
    return view.then(View(settings=vars(left.settings))) if left else view
