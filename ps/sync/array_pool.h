#pragma once

#include <cstddef>
#include <memory>

#include "ps/transport/message.h"

namespace geomx::ps {

// Float arrays of one length, 64-byte aligned, that return to the pool when their last owner has gone: a round writes
// its result into an array that an earlier round's readers have given back, instead of allocating one. Pools of one
// length share what is free, and the last one that came back is taken first: a chunk's new value goes where another
// chunk's old one has just been read, which the caches still hold.
//
// Threading: any; an array may come back on any thread, after the pool itself has gone too.
class ArrayPool {
 public:
  explicit ArrayPool(std::size_t length);  // of each array, in floats

  std::shared_ptr<float> take();  // uninitialised
  std::size_t length() const { return length_; }
  // The array as what travels: nobody may write to it from now on.
  Buffer freeze(std::shared_ptr<float> array) const;

 private:
  struct Free;
  static std::shared_ptr<Free> free_of(std::size_t length);

  std::size_t length_;
  std::shared_ptr<Free> free_;
};

}  // namespace geomx::ps
