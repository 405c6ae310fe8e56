"""Keras models become artifacts: one exporter per format, one gate for all of them."""

from deploy.export.tflite import export_tflite

EXPORTERS = {
    "tflite": export_tflite,
}
