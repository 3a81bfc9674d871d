"""What several tabs do, without components: paint, open, choose another model, walk a path."""
