"""Serves a drawn RTSP stream with GStreamer, for a test; run by the system's own Python.

/usr/bin/python3 tests/deploy/rtsp_server.py 8554 user password
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main(port, user, password):
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    form = "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
    source = f"videotestsrc is-live=true pattern=ball ! {form}"
    factory.set_launch(f"( {source} ! jpegenc ! rtpjpegpay name=pay0 )")

    basic = GstRtspServer.RTSPAuth.make_basic(user, password)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(basic, token)
    server.set_auth(auth)
    allowed = "viewer, media.factory.access=true, media.factory.construct=true"
    role = Gst.Structure.new_from_string(allowed)
    factory.add_role_from_structure(role)

    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print("serving", flush=True)  # noqa: T201
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
