#include "trainer/model/precision.h"

#include "trainer/tensor/error.h"

namespace geomx::trainer {

const char* to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  return "";
}

Precision parse_precision(const std::string& text) {
  for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    if (text == to_string(precision)) return precision;
  }
  throw Error("precision " + text + " is not known (fp32, bf16 or, on cards, tf32)");
}

}  // namespace geomx::trainer
