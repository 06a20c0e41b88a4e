"""ONNX Runtime's own dynamic quantization of a file, by outputs: quantize_dynamic.py MODEL.onnx RESULT.onnx; prints JSON."""

import json
import sys

from onnxruntime.quantization import QuantType, quantize_dynamic


def main():
    quantize_dynamic(sys.argv[1], sys.argv[2], per_channel=True, weight_type=QuantType.QInt8)
    print(json.dumps({"quantized": sys.argv[2]}))


if __name__ == "__main__":
    main()
