"""From a trained model to translations and their scores."""
