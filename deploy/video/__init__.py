"""Live video: any model over any source, at the engine's own pace, with honest numbers.

`loop.LiveLoop` joins a `source`, a runtime, an `overlay` and sinks (`recorder`, `sink`, `sheet`).
Needs NumPy, OpenCV and what the runtime needs; no TensorFlow, no `seg_keras`.
"""
