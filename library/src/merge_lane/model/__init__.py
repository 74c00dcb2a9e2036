"""The model on disk: its bundle, encoding, reference profile, ONNX form and sealed files."""
