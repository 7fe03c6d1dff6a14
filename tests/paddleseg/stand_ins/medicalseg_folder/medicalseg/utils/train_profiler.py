def add_profiler_step(options=None):
    """Called once a step."""
