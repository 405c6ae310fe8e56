"""Live video: any model over any source, at the engine's own pace, with honest numbers.

`loop.LiveLoop` joins a source (`sources.open_source`), engines, an `overlay`, displays (`window`,
`web`) and sinks (`recorder`, `mjpeg`, `masks`, `sheet`); `records` observes it. Needs NumPy,
OpenCV and what the engine needs; no TensorFlow, no `seg_keras`.
"""
