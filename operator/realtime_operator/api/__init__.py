"""The three kinds as the Kubernetes API sees them: models, conditions, and their CRDs."""
