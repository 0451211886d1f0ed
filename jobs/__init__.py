"""Cloud Run jobs: `python -m jobs <verb>`."""
