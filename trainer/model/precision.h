#pragma once

#include <cstdint>
#include <string>

namespace geomx::trainer {

// What a backend computes in. tf32, on cards only: fp32, but factors of products may be rounded to 10 bits of mantissa
// before. bf16: values between layers and copies of the weights are bfloat16; parameters, their gradients, sums and the
// norms' statistics stay fp32 (Micikevicius et al.: "Mixed precision training", 2018).
enum class Precision : std::uint8_t { fp32, tf32, bf16 };

const char* to_string(Precision precision);
// "fp32", "tf32", "bf16". Throws Error for another text.
Precision parse_precision(const std::string& text);

}  // namespace geomx::trainer
