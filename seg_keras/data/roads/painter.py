"""Puts things of the 3-D world onto the canvas, lit by the weather and paled by the haze.

Whoever calls paints from far to near, as painters do: what comes later hides what came before.
"""

import cv2
import numpy as np

from seg_keras.data.roads.camera import NEAR, Camera, turn
from seg_keras.data.roads.canvas import (
    SUBPIXEL_BITS,
    SUPERSAMPLING,
    Canvas,
    Class,
    Window,
    fixed_point,
)
from seg_keras.data.roads.solids import Figure, Solid, stick_outlines
from seg_keras.data.roads.textures import Texture
from seg_keras.data.roads.weather import Weather

SEEN = 0.1  # change of the light from edge to edge from which on a picture needs a gradient
SMALLEST = 3.0  # canvas pixels; smaller faces are left out
THINNEST = 0.75  # canvas pixels of radius; thinner limbs are left out
SMALLEST_PICTURE = 600.0  # square canvas pixels; smaller ones are painted in their mean color
FINE_DETAIL = 5.0  # pixels; on thinner limbs no lit side can be seen


class Painter:
    """A canvas, the camera that looks at the world, and the weather in between.

    Args:
        canvas: What to paint on.
        camera: Projects to the pixels of that canvas.
        weather: Lights and hazes every color.
    """

    def __init__(self, canvas: Canvas, camera: Camera, weather: Weather):
        self.canvas = canvas
        self.camera = camera
        self.weather = weather
        self._small = camera.shrunk(SUPERSAMPLING)
        # Limbs are round: their middle faces the camera, their lit side also the sun.
        facing = np.stack([(0, 0.4, 0) - 0.6 * camera.axes[2]] * 2)
        facing[1] += 0.35 * weather.sun_direction
        self._limb_light = weather.lit(np.array([[0.92], [1.0]]), facing)
        self._limb_shift = 0.3 * (camera.axes[:2] @ weather.sun_direction)

    def depth(self, place: np.ndarray) -> float:
        """How many metres in front of the camera a world point (3,) is."""
        return float((place - self.camera.position) @ self.camera.axes[2])

    def shade(self, colors, normals, depth: float, glows=0.0) -> list[list[float]]:
        """Colors (N, 3) of surfaces at a depth in metres, as they arrive at the camera."""
        lit = self.weather.lit(colors, normals) + colors * self.weather.headlight(depth)
        lit = lit * (1 - glows) + colors * glows
        return self._hazed(lit, depth).tolist()

    def solid(self, solid: Solid, place: np.ndarray, heading: float) -> None:
        """Paints a solid that stands at `place` (3,) and points along `heading`."""
        faces, normals = solid.faces.moved(place, heading), turn(solid.normals, heading)
        depth = self.depth(place)
        firsts = faces.points[faces.starts]
        seen = ((firsts - self.camera.position) * normals).sum(axis=1) < 0
        seen &= solid.extents * self.camera.focal > SMALLEST * depth
        colors = self.shade(solid.colors[seen], normals[seen], depth, solid.glows[seen])
        outlines = self.camera.outlines(faces.only(seen))
        self.canvas.fill_all(outlines, colors, solid.classes[seen].tolist())

    def figure(self, joints: np.ndarray, figure: Figure, label: Class) -> None:
        """Paints a figure with its joints at world points (N, 3), the farther limbs first."""
        view = self.camera.view(joints)
        depths = view[:, 2]
        if depths.min() < NEAR:
            return
        pixels, scale = self.camera.pixels(view), self.camera.focal / depths
        order = np.argsort(-depths[figure.starts] - depths[figure.ends], kind="stable")
        # Hands and feet of far people are too small to be seen, but something stays of everybody.
        least = min(THINNEST / scale[0], 0.8 * figure.radii.max())
        order = order[figure.radii[order].max(axis=1) >= least]
        starts, ends = figure.starts[order], figure.ends[order]
        radii = figure.radii[order]
        radii[:, 0] *= scale[starts]
        radii[:, 1] *= scale[ends]
        light = self._limb_light + self.weather.headlight(float(depths[0]))
        colors = self._hazed(figure.colors[order, None] * light, float(depths[0]))
        first, second = pixels[starts], pixels[ends]
        outlines = stick_outlines(first, second, radii)
        if radii.max() < FINE_DETAIL:
            self.canvas.fill_all(outlines, colors[:, 0].tolist(), [label] * len(order))
            return
        # A narrower stick, moved towards the sun, is the lit side; it comes right after its limb.
        shift = self._limb_shift * radii[:, :1]
        insides = stick_outlines(first + shift, second + shift, 0.6 * radii)
        both = np.stack([outlines, insides], axis=1).reshape(-1, *outlines.shape[1:])
        self.canvas.fill_all(both, colors.reshape(-1, 3).tolist(), [label] * len(both))

    def texture(self, texture: Texture, corner, across, up, label: Class) -> None:
        """Hangs a lit picture into the world.

        Args:
            texture: Where it is not opaque, what is behind shines through; its label is whole.
            corner: World coordinates (3,) of the lower left corner, as seen from its front.
            across: World vector (3,) along the lower edge.
            up: World vector (3,) along the left edge.
            label: Its class.
        """
        corners = np.array((corner, corner + across, corner + across + up, corner + up))
        outline = self.camera.outline(corners)
        area = self.canvas.window(outline)
        if area is None:
            return
        extent = (outline.max(axis=0) - outline.min(axis=0)).tolist()
        depths = self.depth(corner), self.depth(corner + across)
        if extent[0] * extent[1] < SMALLEST_PICTURE:
            color = self._arriving(texture.fitting(1, 1), *depths, label)[0, 0, :3]
            self.canvas.fill(outline, color.tolist(), label)
            return
        picture = texture.fitting(extent[1] / SUPERSAMPLING, extent[0] / SUPERSAMPLING)
        height, width, channels = picture.shape
        right, down = across / width, -up / height
        plane = self._small.plane(corner + up + (right + down) / 2, right, down)
        hung = self._hang(self._arriving(picture, *depths, label), plane, area)
        stencil = np.zeros(hung.shape[:2], "uint8")
        offset = (area[1].start, area[0].start)
        cv2.fillPoly(stencil, [fixed_point(outline - offset)], 255, shift=SUBPIXEL_BITS)
        if channels == 3:
            self.canvas.stamp(area, hung, stencil)
        else:
            self.canvas.blend(area, hung, stencil, label)

    def sprite(self, texture: Texture, place, size: tuple[float, float], label: Class) -> None:
        """Paints a lit picture that always faces the camera.

        Args:
            texture: Four channels; it covers where its opacity is at least half.
            place: World coordinates (3,) of the middle of its lower edge.
            size: (height, width) in metres.
            label: Its class.
        """
        view = self.camera.view(np.asarray(place)[None])
        depth = float(view[0, 2])
        if depth < 4 * NEAR:
            return
        scale = self.camera.focal / depth
        height, width = size[0] * scale, size[1] * scale
        left, top = (self.camera.pixels(view)[0] - (width / 2, height)).tolist()
        area = self.canvas.window(np.array([(left, top), (left + width, top + height)]))
        if area is None:
            return
        picture = texture.fitting(height / SUPERSAMPLING, width / SUPERSAMPLING)
        picture = self._arriving(picture, depth, depth, label)
        rows, columns = picture.shape[:2]
        placement = np.array([[width / columns, 0, left], [0, height / rows, top], [0, 0, 1]])
        placement[:2] /= SUPERSAMPLING
        hung = self._hang(picture, placement, area)
        covered = cv2.compare(cv2.extractChannel(hung, 3), 127, cv2.CMP_GT)
        hung[..., 3] = label
        self.canvas.stamp(area, hung, covered)

    def lamp(self, place: np.ndarray, radius: float, color) -> None:
        """Adds the glow around a light at `place` (3,), `radius` metres wide."""
        view = self.camera.view(np.asarray(place)[None])
        if view[0, 2] > 1:
            reach = min(radius * self.camera.focal / view[0, 2], 0.2 * self.camera.size[1])
            faded = np.asarray(color) / 255 * (1 - self.weather.haze_share(view[0, 2]))
            self.canvas.glow(self.camera.pixels(view)[0], reach, faded)

    def _hang(self, picture: np.ndarray, plane: np.ndarray, area: Window) -> np.ndarray:
        """Moves a picture by a homography to pixels of the result, then enlarges it to a window.

        The canvas has more pixels than the result for the sake of edges; inside of a picture they
        would be averaged away again.
        """
        plane = plane.copy()
        plane[0] -= area[1].start // SUPERSAMPLING * plane[2]
        plane[1] -= area[0].start // SUPERSAMPLING * plane[2]
        height, width = (part.stop - part.start for part in area)
        shape = (width // SUPERSAMPLING, height // SUPERSAMPLING)
        hung = cv2.warpPerspective(picture, plane, shape, borderMode=cv2.BORDER_REPLICATE)
        return cv2.resize(hung, (width, height))

    def _hazed(self, colors: np.ndarray, depth: float) -> np.ndarray:
        """Mixes haze into colors (..., 3) at a depth in metres."""
        haze = self.weather.haze_share(depth)
        return np.minimum(colors * (1 - haze) + self.weather.haze * haze, 255)

    def _arriving(self, picture, left_depth: float, right_depth: float, label) -> np.ndarray:
        """A lit picture as it arrives at the camera through headlights and haze.

        Args:
            picture: Colors (h, w, 3), or colors and opacity (h, w, 4).
            left_depth: Depth in metres of its left edge.
            right_depth: Depth in metres of its right edge.
            label: Becomes the fourth channel where there is no opacity.

        Returns:
            Colors and class, or colors and opacity (h, w, 4).
        """
        left, right = max(left_depth, 0.0), max(right_depth, 0.0)
        kept, haze = self._air(left)
        if abs(kept - self._air(right)[0]) > SEEN:
            depths = np.linspace(left, right, picture.shape[1], dtype="float32")[:, None]
            kept, haze = self._air(depths)
            colors = np.minimum(picture[..., :3] * kept + haze * self.weather.haze, 255)
            arriving = np.full((*picture.shape[:2], 4), label, "uint8")
            arriving[..., 3:] = picture[..., 3:] if picture.shape[2] == 4 else label
            arriving[..., :3] = colors
            return arriving
        change = np.zeros((4, picture.shape[2] + 1), "float32")
        change[[0, 1, 2], [0, 1, 2]] = kept
        change[:3, -1] = haze * self.weather.haze
        change[3, -2:] = (1, 0) if picture.shape[2] == 4 else (0, label)
        return cv2.transform(picture, change)

    def _air(self, depth):
        """What is left of a lit color at `depth` metres, with headlights, and the share of haze."""
        haze = self.weather.haze_share(depth)
        gain = 1 + self.weather.headlight(depth) / self.weather.ambient_level
        return (1 - haze) * gain, haze
