"""The operators of a .tflite file by name, as its schema numbers them."""

from ai_edge_litert import schema_py_generated as schema

OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}


def operator_name(code: schema.OperatorCodeT) -> str:
    """The operator's name, such as CONV_2D; a custom one goes by its own, such as FlexErf."""
    # Files for old readers keep codes below 127 in the deprecated field.
    name = OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return code.customCode.decode() if name == "CUSTOM" else name
