# Warnings, sanitizers and the compiler cache: the same for every target.

set(KTAPE_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them: address,undefined or thread")
option(KTAPE_WERROR "Treat warnings as errors" ON)
option(KTAPE_BENCH "Build the benchmarks" ON)
# A third of the time that tests take to compile. Not for daily work in several trees: ccache keeps less of it.
option(KTAPE_PRECOMPILED "Precompile the headers that most tests include" OFF)
option(KTAPE_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)

find_program(KTAPE_CCACHE ccache)
if(KTAPE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KTAPE_CCACHE})
endif()

add_library(ktape_options INTERFACE)
target_compile_features(ktape_options INTERFACE cxx_std_20)
target_include_directories(ktape_options INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                   $<INSTALL_INTERFACE:include/krakentape>)
# Warnings and the like are ours: who uses the installed libraries has their own.
add_library(ktape_warnings INTERFACE)
target_link_libraries(ktape_options INTERFACE $<BUILD_INTERFACE:ktape_warnings>)
target_compile_options(ktape_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
                                                -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Optimised, g++ 12 sees an overlapping memcpy in "text" + std::string (its bug 105651), which is none.
  target_compile_options(ktape_warnings INTERFACE -Wno-restrict)
endif()
if(KTAPE_WERROR)
  target_compile_options(ktape_warnings INTERFACE -Werror)
endif()
if(KTAPE_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Instrumented, g++ 12 takes members of an optional that holds nothing for read before they are set (its bug 105562).
    target_compile_options(ktape_warnings INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_compile_options(ktape_warnings INTERFACE -fsanitize=${KTAPE_SANITIZE} -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer)
  target_link_options(ktape_warnings INTERFACE -fsanitize=${KTAPE_SANITIZE})
endif()
if(KTAPE_FUZZ)
  target_compile_options(ktape_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
