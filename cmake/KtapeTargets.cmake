# ktape_library(name SOURCES a.cpp ... DEPENDS lib ... [PRIVATE lib ...])
# One folder, one library. DEPENDS reach those who include its headers, PRIVATE ones stay inside.
function(ktape_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;PRIVATE")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ktape_options ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY KTAPE_LIBRARIES ${name})
endfunction()
