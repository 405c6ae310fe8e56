"""The settings of a run, as data."""

import ast
import dataclasses
import difflib


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the outcome of a run; saved next to its checkpoint."""

    # what
    model: str = "deeplab_v3_plus"
    model_options: dict = dataclasses.field(default_factory=dict)  # the builder's own arguments
    backbone: str = ""  # empty for the builder's own default
    backbone_options: dict = dataclasses.field(default_factory=dict)
    initial_weights: str | None = None  # run folder or .keras file to start from
    # on what
    dataset: str = "roads"
    data_dir: str | None = None
    train_split: str = "train"
    val_split: str = "val"
    hold_out: str = ""  # pattern of training images to validate on instead, such as "0001TP_*"
    crop_size: tuple[int, int] = (240, 320)  # height, width in pixels
    scale_range: tuple[float, float] = (0.5, 2.0)  # magnification before the crop
    input_size: tuple[int, ...] = ()  # height, width of the model that is kept; () for the images'
    flip: bool = True
    jitter: float = 1.0  # strength of colour changes, 0 for none
    blur: float = 0.1  # share of softened and noisy images
    augmentation: dict = dataclasses.field(default_factory=dict)  # more of it: {"rotation": 10.0}
    border_weight: float = 0.0  # U-Net's weight of the gaps between cells, 10 in the paper
    size_schedule: str = "none"  # or "progressive", which decides crop and batch size by epoch
    # how
    batch_size: int = 8  # images per step over all devices
    epochs: int = 60
    optimizer: str = "adamw"  # or "sgd", with momentum 0.9
    learning_rate: float = 2e-3  # peak, for `batch_size` images
    weight_decay: float = 1e-4  # of kernels; AdamW's is decoupled
    schedule: str = "cosine"  # or "poly", "constant"
    warmup_epochs: float = 2.0
    clip_norm: float = 5.0  # largest norm of the whole gradient, 0 for no limit
    ema_momentum: float = 0.99  # of the averaged weights that are validated and kept, 0 for none
    loss: str = "cross_entropy"  # see LOSSES in losses.py; "cross_entropy+dice" adds two
    loss_options: dict = dataclasses.field(default_factory=dict)  # of one loss: {"top_k": 8192}
    teacher: str | None = None  # run folder or .keras file whose logits are learned too
    class_weights: str = "none"  # or "median_frequency", "enet", "enet_1.1" (1.1 is its offset)
    output_weights: dict = dataclasses.field(default_factory=dict)  # loss weight of further outputs
    quantization_aware: bool = False  # round to int8 in training; for a model that is trained
    mixed_precision: str = "float32"  # or "mixed_float16", "mixed_bfloat16"
    seed: int = 0
    deterministic: bool = True  # bit-equal repeats; costs about 1 %
    validate_every: int = 1  # epochs between validations; the last epoch has one always

    def __post_init__(self):
        for name in ("epochs", "batch_size", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}. Give 1 or more.")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate is {self.learning_rate}. Give a positive number.")
        if not 0 <= self.ema_momentum < 1:
            raise ValueError(f"ema_momentum is {self.ema_momentum}. Give 0 up to, not with, 1.")
        for name in ("crop_size", "input_size"):
            size = getattr(self, name)
            if size != () and (len(size) != 2 or min(size) < 1):
                raise ValueError(f"{name} is {size}. Give (height, width) in pixels.")


def override(config, assignments: list[str]):
    """Applies `name=value` strings from the command line, e.g. "crop_size=(256, 512)".

    Args:
        config: Settings as a dataclass, such as `TrainConfig`.
        assignments: The strings.

    Returns:
        New settings of the same class.

    Raises:
        ValueError: If a name is unknown (the nearest one is offered) or a value does not parse.
    """
    values = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise ValueError(f"--set takes name=value, got {assignment!r}.")
        if not hasattr(config, name):
            known = [field.name for field in dataclasses.fields(config)]
            settings = type(config).__name__
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
            raise ValueError(f"{settings} has no setting {name!r}. {hint}")
        values[name] = _parse(name, text, getattr(config, name))
    return dataclasses.replace(config, **values)


def _parse(name: str, text: str, current: object) -> object:
    if current is None or isinstance(current, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if isinstance(current, float) and type(value) is int:
        value = float(value)
    if isinstance(current, tuple) and isinstance(value, list):
        value = tuple(value)
    if type(value) is not type(current):
        raise ValueError(
            f"{name}={text} is not of the kind of its default {current!r} "
            f"({type(current).__name__})."
        )
    return value


def from_json(values: dict) -> TrainConfig:
    """The settings in a `config.json`, which holds further entries; lists become tuples again."""
    fields = {field.name: field for field in dataclasses.fields(TrainConfig)}
    return TrainConfig(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in fields
        }
    )
