"""A fake of TensorRT that has nothing that the recorded bindings lack.

`tools/record_tensorrt_contract.py` made the records. A fake class may define, and the code under
test may set, only what the record of the real class has.
"""

import json
import types
from pathlib import Path

RECORDS = {v: Path(__file__).with_name(f"tensorrt_{v}.json") for v in (10, 11)}


class Enum:
    """An enumeration with the members of a record."""

    def __init__(self, members):
        for value, name in enumerate(members):
            setattr(self, name, value)


def load_record(version):
    return json.loads(RECORDS[version].read_text())


def make_tensorrt(version, behaviour=None):
    """Gives a module like `tensorrt` of a major version.

    Args:
        version: 10 or 11.
        behaviour: How it behaves: `parser_errors` [(node, operator, text)]; `plan`, None where
            the build fails; `datatype`, what the inspector says of every layer; `steps` of the
            build; `on_step`, called in each; `deserializes`; `outputs` {name: (type, shape)}.
    """
    record = load_record(version)
    given = {
        "parser_errors": [],
        "plan": b"PLAN",
        "datatype": "Row major linear FP32",
        "steps": 3,
        "on_step": lambda: None,
        "deserializes": True,
        "outputs": {"classes": ("UINT8", (1, 32, 48))},
        "batch": 1,
    } | (behaviour or {})
    state = types.SimpleNamespace(**given, config=None, profile=None, device={})

    def contract(cls):
        known = record["classes"][cls.__name__]
        own = {name for name in vars(cls) if not name.startswith("_")}
        assert own <= known.keys(), f"TensorRT {version} {cls.__name__} lacks {own - known.keys()}"

        def refuse_unknown(self, name, value):
            assert name.startswith("_") or name in known, f"{cls.__name__} has no {name}"
            object.__setattr__(self, name, value)

        if cls.__name__ not in ("ILogger", "IProgressMonitor"):  # are made to be derived from
            cls.__setattr__ = refuse_unknown
        return cls

    def enumeration(name):
        return Enum(m for m in record["classes"][name] if m.isupper())

    module = types.ModuleType("tensorrt")
    module.__version__ = record["version"]
    enums = """BuilderFlag DeviceType LayerInformationFormat MemoryPoolType
        NetworkDefinitionCreationFlag ProfilingVerbosity TensorIOMode"""
    for name in enums.split():
        setattr(module, name, enumeration(name))
    for cls in _classes(module, state):
        setattr(module, cls.__name__, contract(cls))
    module.state = state
    return module


def _classes(trt, state):
    """The classes with what the code under test uses of them."""

    class ILogger:
        Severity = types.SimpleNamespace(ERROR=1, INTERNAL_ERROR=0, WARNING=2)

    class IProgressMonitor:
        pass

    class ParserError:
        def __init__(self, error):
            self._error = error

        def node_name(self):
            return self._error[0]

        def node_operator(self):
            return self._error[1]

        def desc(self):
            return self._error[2]

    class OnnxParser:
        def __init__(self, network, logger):
            self._network = network

        @property
        def num_errors(self):
            return len(state.parser_errors)

        def parse(self, model):
            assert isinstance(model, bytes)
            return not state.parser_errors

        def get_error(self, index):
            return ParserError(state.parser_errors[index])

    class ITensor:
        shape = (state.batch, 32, 48, 3)

    class INetworkDefinition:
        def get_input(self, index):
            return ITensor()

    class ITimingCache:
        def __init__(self, content):
            self._content = bytes(content)

        def combine(self, input_cache, ignore_mismatch):
            self._content += input_cache._content
            return True

        def serialize(self):
            return self._content

    class IOptimizationProfile:
        def set_shape(self, input, min, opt, max):  # noqa: A002 (TensorRT's own names)
            state.profile = (input, min, opt, max)

    class IBuilderConfig:
        progress_monitor = profiling_verbosity = default_device_type = DLA_core = None

        def __init__(self):
            self._flags, self._limits, self._cache, self._profiles = set(), {}, None, []

        def set_flag(self, flag):
            self._flags.add(flag)

        def set_memory_pool_limit(self, pool, pool_size):
            self._limits[pool] = pool_size

        def create_timing_cache(self, serialized_timing_cache):
            return ITimingCache(serialized_timing_cache)

        def set_timing_cache(self, cache, ignore_mismatch):
            self._cache = cache
            return True

        def get_timing_cache(self):
            return ITimingCache(self._cache._content + b"new")

        def add_optimization_profile(self, profile):
            self._profiles.append(profile)
            return 0

    class Builder:
        def __init__(self, logger):
            self._logger = logger

        def create_network(self, flags):
            assert flags == 1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED
            return INetworkDefinition()

        def create_builder_config(self):
            state.config = IBuilderConfig()
            return state.config

        def create_optimization_profile(self):
            return IOptimizationProfile()

        def build_serialized_network(self, network, config):
            monitor = config.progress_monitor
            monitor.phase_start("Building", None, state.steps)
            for step in range(state.steps):
                state.on_step()
                if not monitor.step_complete("Building", step):
                    return None
            monitor.phase_finish("Building")
            if state.plan is None:
                self._logger.log(ILogger.Severity.ERROR, "no kernel fits")
            return state.plan

    class EngineInspector:
        def get_engine_information(self, format):  # noqa: A002
            assert format == trt.LayerInformationFormat.JSON
            layer = {"Name": "conv", "Outputs": [{"Format/Datatype": state.datatype}]}
            return json.dumps({"Layers": [layer, "reformat"], "Bindings": []})

    class IExecutionContext:
        def __init__(self):
            self._addresses = {}

        def set_input_shape(self, name, shape):
            return True

        def set_tensor_address(self, name, memory):
            self._addresses[name] = memory
            return True

        def execute_async_v3(self, stream_handle):
            def work():
                image = state.device[self._addresses["image"]].reshape(32, 48, 3)
                state.device[self._addresses["classes"]][:] = image.argmax(-1).ravel()

            state.cuda.put(work)
            return True

    class ICudaEngine:
        num_io_tensors = 1 + len(state.outputs)

        def get_tensor_name(self, index):
            return ["image", *state.outputs][index]

        def get_tensor_mode(self, name):
            return trt.TensorIOMode.INPUT if name == "image" else trt.TensorIOMode.OUTPUT

        def get_tensor_shape(self, name):
            return (state.batch, 32, 48, 3) if name == "image" else state.outputs[name][1]

        def get_tensor_dtype(self, name):
            kind = "UINT8" if name == "image" else state.outputs[name][0]
            return types.SimpleNamespace(name=kind)

        def create_engine_inspector(self):
            return EngineInspector()

        def create_execution_context(self):
            return IExecutionContext()

    class Runtime:
        engine_host_code_allowed = False

        def __init__(self, logger):
            self._logger = logger

        def deserialize_cuda_engine(self, serialized_engine):
            assert bytes(serialized_engine) == state.plan, "the header must not reach TensorRT"
            if state.deserializes:
                return ICudaEngine()
            self._logger.log(ILogger.Severity.ERROR, "magic tag does not match")
            return None

    return [
        *(ILogger, IProgressMonitor, ParserError, OnnxParser, ITensor, INetworkDefinition),
        *(ITimingCache, IOptimizationProfile, IBuilderConfig, Builder, EngineInspector),
        *(IExecutionContext, ICudaEngine, Runtime),
    ]
