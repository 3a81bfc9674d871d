# The studio on a GPU server: docker build -t semflow . && docker run --gpus all -p 7860:7860 semflow
# Models of one's own: -v /models:/models:ro -e SEMFLOW_MODELS=/models. Behind a proxy: docs/hosting.md.
FROM python:3.11-slim
RUN useradd --create-home --uid 10001 semflow
WORKDIR /srv/semflow
COPY requirements.txt ./
# PyTorch from PyPI brings CUDA's libraries; the host needs NVIDIA's driver and container toolkit
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=semflow . .
USER 10001
ENV GRADIO_ANALYTICS_ENABLED=False PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/', timeout=4)"]
CMD ["python", "app.py", "--device", "cuda", "--host", "0.0.0.0"]
