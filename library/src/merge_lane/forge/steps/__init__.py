"""The steps that the workflows of any forge can run: cache, plan, report, image, deployment."""
