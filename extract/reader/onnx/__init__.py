"""Read ONNX files: checked by the onnx library, walked node by node into the graph.

The batch axis: a leading axis that the file leaves open (symbolic, absent, 0 or -1) is read as 1;
any other open axis is refused. Initialisers that are also listed as inputs are weights. What is
known without an input (weights, shapes, index arithmetic) is computed while reading, by the onnx
library's reference evaluator. Shapes that the onnx library infers are compared with those that our
operators give.
"""

from extract.reader.onnx.walk import read

__all__ = ["read"]
