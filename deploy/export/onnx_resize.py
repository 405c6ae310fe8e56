"""A resize in an .onnx file goes to a size, not by a factor.

tf2onnx writes the factor, 67 / 49 in float32. An engine multiplies it back and cuts the fraction
off, which for some sizes gives one row too few: 66.
"""

import numpy as np
from tf2onnx.graph import Graph, Node
from tf2onnx.onnx_opset.nn import Resize


def convert_resize(graph: Graph, node: Node, name: str, arguments: list) -> None:
    """Converts a resize of TensorFlow; a handler for `custom_op_handlers` of tf2onnx.

    Args:
        graph: The graph under conversion.
        node: The resize, of an image (B, H, W, C) whose C is known.
        name: Its name.
        arguments: None are taken.
    """
    batch, _, _, channels = graph.get_shape(node.input[0])
    size = node.inputs[1].get_tensor_value() if node.inputs[1].is_const() else None
    output = node.output[0]
    Resize.version_11(graph, node)
    if size is None:  # computed in the graph, a factor there is none
        return
    resize = graph.get_node_by_output(output).inputs[0]  # before the transposition to (B, H, W, C)
    image, region = resize.input[:2]
    if batch == -1:
        batch_size = graph.make_node("Shape", [image], {"start": 0, "end": 1}).output[0]
        rest = graph.make_const(f"{name}_channels_and_size", np.array([channels, *size]))
        sizes = graph.make_node("Concat", [batch_size, rest.output[0]], {"axis": 0})
    else:
        sizes = graph.make_const(f"{name}_size", np.array([batch, channels, *size]))
    graph.replace_inputs(resize, [image, region, "", sizes.output[0]])


HANDLERS = {name: (convert_resize, []) for name in ("ResizeBilinear", "ResizeNearestNeighbor")}
