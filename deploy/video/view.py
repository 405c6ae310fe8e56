"""What people choose while they watch: how the picture looks, and whether it moves.

One object is shared by everything that people can press (window, web page) and everything that
acts on it (overlay, loop). Each choice is a single attribute, so that threads need no lock.
"""

import dataclasses

VIEWS = ("overlay", "original", "classes")
OPACITIES = (0.25, 0.5, 0.75, 1.0)


@dataclasses.dataclass
class View:
    """The choices of the moment.

    Args:
        opacity: Of the class colors over the image, 0 to 1.
        mode: One of `VIEWS`: the tinted image, the image alone, the colors alone.
        legend: Whether numbers and legend lie on the picture.
        paused: Whether the picture is held; nothing is shown or recorded meanwhile.
        snapshots: How many snapshots have been asked for since the start.
    """

    opacity: float = 0.5
    mode: str = "overlay"
    legend: bool = True
    paused: bool = False
    snapshots: int = 0

    def __post_init__(self):
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"The opacity has to lie between 0 and 1, got {self.opacity}.")
        if self.mode not in VIEWS:
            raise ValueError(f"Unknown view {self.mode!r}. Choose one of: {', '.join(VIEWS)}.")

    def press(self, key: str) -> bool:
        """Does what a key stands for; False if it stands for nothing.

        Space holds the picture, `s` asks for a snapshot, `o` goes to the next opacity, `m` to
        the next mode, `l` switches the legend.
        """
        if key == " ":
            self.paused = not self.paused
        elif key == "s":
            self.snapshots += 1
        elif key == "o":
            self.opacity = next((step for step in OPACITIES if step > self.opacity), OPACITIES[0])
        elif key == "m":
            self.mode = VIEWS[(VIEWS.index(self.mode) + 1) % len(VIEWS)]
        elif key == "l":
            self.legend = not self.legend
        else:
            return False
        return True
