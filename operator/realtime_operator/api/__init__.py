"""The three kinds as the Kubernetes API sees them: models, conditions, and the CRDs made from them. Imports nothing of ours."""
