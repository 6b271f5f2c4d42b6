#pragma once

#include <cstdint>

// What the files of one instruction set each (avx512.cc, avx2.cc) offer to pooled_convolution.cc: one image, or a few,
// at a time, serially, without allocating. Only plain types here: an inline function of a library that were compiled
// with the options of one of these files could be the one that the linker keeps for the whole program.
namespace geomx::trainer::direct {

inline constexpr long kBlock = 16;        // channels that are packed side by side
inline constexpr long kRowSlack = 8;      // floats that may be read beyond the end of planes
inline constexpr std::uint8_t kNone = 4;  // of a window: no element was above zero, no gradient passes

// Padding has been added already: height and width are those of the padded image. Pixels lie as channels_in planes
// ("planes", for the first layer), or with a multiple of kBlock channels side by side.
struct Layer {
  bool planes = false;
  long channels_in = 0;
  long height = 0;
  long width = 0;
  long channels_out = 0;  // a multiple of kBlock
  long kernel = 0;        // 3 or 5
  long pooled_height = 0;
  long pooled_width = 0;
};

// A gradient that reaches the convolution's output: of the channel in whose list it is.
struct Entry {
  std::int32_t offset;  // in floats: the top left of the patch of the images that this output was computed from
  float gradient;
};

struct Kernels {
  const char* name;
  // weights: {channels_out / kBlock, kernel, kernel, channels_in, kBlock}. output and winners: {pooled_height,
  // pooled_width, channels_out}; a winner is 2 * row + column of the largest of the window's four, the first of equal
  // ones, or kNone.
  void (*forward)(const Layer& layer, const float* image, const float* weights, const float* bias, float* output,
                  std::uint8_t* winners);
  // Of planes. Adds to weights {channels_out / kBlock, channels_in, kernel, kernel, kBlock} and bias {channels_out}.
  void (*plane_weights)(const Layer& layer, const float* image, const std::uint8_t* winners, const float* gradient,
                        float* weights_gradient, float* bias_gradient);
  // Of channels side by side. Adds to weights {channels_in / kBlock, channels_out, kernel, kernel, kBlock} and bias
  // {channels_out}. List c, from lists + c * stride on, has lengths[c] entries.
  void (*list_weights)(const Layer& layer, const float* images, const Entry* lists, long stride, const int* lengths,
                       float* weights_gradient, float* bias_gradient);
  // Adds to images. weights as above.
  void (*list_images)(const Layer& layer, const Entry* lists, long stride, const int* lengths, const float* weights,
                      float* images_gradient);
  // output {rows, columns} = source {rows, length} times weights {columns, length}, transposed, plus bias (or null),
  // for the columns [first, last). length is a multiple of kBlock.
  void (*linear)(long rows, long length, const float* source, const float* weights, const float* bias, bool relu,
                 float* output, long columns, long first, long last);
};

// Null where this processor, or this build, has them not.
const Kernels* avx512_kernels();
const Kernels* avx2_kernels();

}  // namespace geomx::trainer::direct
