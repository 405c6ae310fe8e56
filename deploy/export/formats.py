"""The file formats that a Keras model is exported to, by the suffix of their files."""

from deploy.export import onnx, tflite

EXPORTERS = {
    "onnx": onnx.export_onnx,
    "tflite": tflite.export_tflite,
}
PRECISIONS = {"onnx": onnx.PRECISIONS, "tflite": tflite.PRECISIONS}
CALIBRATED = {"onnx": onnx.CALIBRATED, "tflite": tflite.CALIBRATED}  # precisions that need images
