# Builds and runs TensorRT engines; `docker build --target gpu .`, run with `--gpus all`.
# TensorFlow is left out: it brings another version of CUDA.
FROM python:3.13-slim AS gpu
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 user \
    && install --directory --owner=user /home/user/seg_keras
USER 1000
WORKDIR /home/user/seg_keras
COPY --chown=user requirements-tensorrt.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir -r requirements-tensorrt.txt
COPY --chown=user deploy deploy
COPY --chown=user tools tools
ENV PYTHONPATH=/home/user/seg_keras PATH=/home/user/seg_keras/.venv/bin:$PATH
CMD ["python", "tools/build_engine.py", "--help"]

FROM python:3.13-slim

# libgl1 and libglib2.0-0: OpenCV; make: the Makefile's targets. Debian keeps no older versions
# that one could pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 user \
    && install --directory --owner=user /home/user/seg_keras

USER 1000
WORKDIR /home/user/seg_keras
COPY --chown=user requirements.txt pyproject.toml Makefile README.md ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir -r requirements.txt
COPY --chown=user . .
RUN make .venv/setup

CMD ["make", "demo"]
