"""Keras models become artifacts: one exporter per format, one gate for all of them.

Nothing is imported here: what builds and checks a TensorRT engine runs without TensorFlow.
"""
