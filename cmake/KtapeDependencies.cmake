# Every dependency is a Debian 12 package. A missing one is named together with the package that brings it.

macro(ktape_require name package)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "krakentape needs ${name} ${ARGN}: install the Debian package ${package} "
                        "(scripts/install-dependencies installs all of them).")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
ktape_require(Threads libc6-dev)
ktape_require(fmt libfmt-dev 9)
ktape_require(spdlog libspdlog-dev 1.10)
ktape_require(tl-expected libexpected-dev 1.0)
ktape_require(zstd libzstd-dev 1.5 CONFIG)
ktape_require(OpenSSL libssl-dev 3.0)
ktape_require(Boost libboost1.81-dev 1.81)
ktape_require(RapidJSON rapidjson-dev 1.1)
ktape_require(CapnProto "libcapnp-dev and capnproto" 0.9)
ktape_require(CLI11 libcli11-dev 2.1)
ktape_require(yaml-cpp libyaml-cpp-dev 0.7)
ktape_require(SQLite3 libsqlite3-dev 3.40)
ktape_require(GTest "libgtest-dev and libgmock-dev" 1.12)
ktape_require(benchmark libbenchmark-dev 1.7)

set(CURSES_NEED_NCURSES TRUE)
ktape_require(Curses libncurses-dev)
add_library(ktape_ncurses INTERFACE)
target_include_directories(ktape_ncurses SYSTEM INTERFACE ${CURSES_INCLUDE_DIRS})
target_link_libraries(ktape_ncurses INTERFACE ${CURSES_LIBRARIES})

find_path(KTAPE_ISAL_INCLUDE isa-l/crc.h)
find_library(KTAPE_ISAL_LIBRARY isal)
if(NOT KTAPE_ISAL_INCLUDE OR NOT KTAPE_ISAL_LIBRARY)
  message(FATAL_ERROR "krakentape needs ISA-L: install the Debian package libisal-dev "
                      "(scripts/install-dependencies installs all of them).")
endif()
add_library(ktape_isal INTERFACE)
target_include_directories(ktape_isal SYSTEM INTERFACE $<BUILD_INTERFACE:${KTAPE_ISAL_INCLUDE}>)
target_link_libraries(ktape_isal INTERFACE $<BUILD_INTERFACE:${KTAPE_ISAL_LIBRARY}> $<INSTALL_INTERFACE:isal>)

add_library(ktape_rapidjson INTERFACE)
target_include_directories(ktape_rapidjson SYSTEM INTERFACE $<BUILD_INTERFACE:${RAPIDJSON_INCLUDE_DIRS}>
                                                            $<BUILD_INTERFACE:${RapidJSON_INCLUDE_DIR}>)
if(KTAPE_SANITIZE)
  # Its stack adds to a null pointer before it allocates for the first time: harmless, and not ours to change.
  target_compile_options(ktape_rapidjson INTERFACE -fno-sanitize=pointer-overflow)
endif()
