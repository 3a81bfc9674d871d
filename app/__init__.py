"""SemFlow Studio: everything a person sees. No model mathematics; that is semflow_core."""
