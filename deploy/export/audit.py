"""What a .tflite file really holds, read from the flatbuffer itself, without TensorFlow.

That a converter raised nothing proves little: weights may be left as variables, operators may
need TensorFlow at run time, and an int8 file may compute in float here and there.
"""

import collections
import dataclasses

from ai_edge_litert import schema_py_generated as schema


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if name.isupper()}


OPERATORS = _names(schema.BuiltinOperator)


@dataclasses.dataclass(frozen=True)
class Audit:
    """The findings about one file.

    Args:
        operators: How often each operator occurs, the most frequent first.
        errors: What makes the file useless, with the remedy; a sentence each.
        warnings: What makes it slow or less exact, with the remedy; a sentence each.
    """

    operators: dict[str, int]
    errors: list[str]
    warnings: list[str]


def audit_tflite(content: bytes) -> Audit:
    """Audits the content of a .tflite file, with or without a description after it."""
    model = schema.ModelT.InitFromPackedBuf(content)
    names = [_operator_name(code) for code in model.operatorCodes]
    operators = [(graph, op) for graph in model.subgraphs for op in graph.operators]
    counts = collections.Counter(names[op.opcodeIndex] for _, op in operators)

    made = {schema.TensorType.INT8: set(), schema.TensorType.FLOAT32: set()}
    for graph, op in operators:
        for index in op.outputs:
            made.setdefault(graph.tensors[index].type, set()).add(names[op.opcodeIndex])
    # A file that computes in int8 may still give its logits in float, by one DEQUANTIZE.
    computes_int8 = made[schema.TensorType.INT8] - {"QUANTIZE"}
    float_operators = made[schema.TensorType.FLOAT32] - {"DEQUANTIZE"} if computes_int8 else set()
    return Audit(dict(counts.most_common()), _errors(counts), _warnings(counts, float_operators))


def _operator_name(code: schema.OperatorCodeT) -> str:
    """The operator's name, such as CONV_2D; a custom one goes by its own, such as FlexErf."""
    # Files for old readers keep codes below 127 in the deprecated field.
    name = OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return code.customCode.decode() if name == "CUSTOM" else name


def _errors(counts: collections.Counter) -> list[str]:
    errors = []
    if counts["VAR_HANDLE"]:
        errors.append(
            f"{counts['VAR_HANDLE']} weights are variables (VAR_HANDLE) and not constants: "
            f"convert a SavedModel that keras.export.ExportArchive wrote."
        )
    custom = [name for name in counts if name not in OPERATORS.values()]
    if custom:
        errors.append(
            f"LiteRT has no kernel for {', '.join(custom)}: replace those layers with ones that "
            f"convert to built-in operators."
        )
    return errors


def _warnings(counts: collections.Counter, float_operators: set[str]) -> list[str]:
    warnings = []
    if counts["SPACE_TO_BATCH_ND"]:
        warnings.append(
            f"{counts['SPACE_TO_BATCH_ND']} dilated convolutions are split by SPACE_TO_BATCH_ND, "
            f"which is slow and which no GPU delegate takes: convert with batch 1 and a fixed size."
        )
    if float_operators:
        warnings.append(
            f"In this int8 file {', '.join(sorted(float_operators))} compute in float32: replace "
            f"them, or expect them to be slow and to fail on int8-only hardware."
        )
    return warnings
