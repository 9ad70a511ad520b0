# The installed package: find_package(krakentape COMPONENTS client replay mock_server testing). Each component is a target
# krakentape::NAME that brings the libraries behind it. tests/package is a project that uses them.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(ktape_headers ${CMAKE_INSTALL_INCLUDEDIR}/krakentape)
set(ktape_config ${CMAKE_INSTALL_LIBDIR}/cmake/krakentape)
set(ktape_components "")

function(ktape_component name)
  add_library(ktape_component_${name} INTERFACE)
  add_library(krakentape::${name} ALIAS ktape_component_${name})
  set_target_properties(ktape_component_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(ktape_component_${name} INTERFACE ${ARGN})
  set(ktape_components ${ktape_components} ${name} PARENT_SCOPE)
endfunction()

ktape_component(client ktape_client ktape_live ktape_rest)      # live: websockets, books, candles, REST
ktape_component(replay ktape_replay ktape_recorder)             # recordings: read, replay, write
ktape_component(mock_server ktape_mock_server ktape_hosts ktape_replay ktape_synth)  # serve them
ktape_component(testing ktape_testing)                          # with a fixture for GoogleTest

# ktape_closure(out targets...): the targets of this project that these need.
function(ktape_closure out)
  set(todo ${ARGN})
  set(all "")
  while(todo)
    list(POP_FRONT todo target)
    if(target IN_LIST all)
      continue()
    endif()
    list(APPEND all ${target})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "INTERFACE_LIBRARY")
      get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    else()
      get_target_property(libraries ${target} LINK_LIBRARIES)
    endif()
    foreach(library ${libraries})
      if(library MATCHES "^ktape_")
        list(APPEND todo ${library})
      endif()
    endforeach()
  endwhile()
  set(${out} ${all} PARENT_SCOPE)
endfunction()

list(TRANSFORM ktape_components PREPEND ktape_component_ OUTPUT_VARIABLE roots)
ktape_closure(targets ${roots})

install(TARGETS ${targets}
        EXPORT krakentape
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT krakentape_development)
install(EXPORT krakentape
        FILE krakentapeTargets.cmake
        NAMESPACE krakentape::
        DESTINATION ${ktape_config}
        COMPONENT krakentape_development)

# Headers, each in its folder, but those that show what stays inside of theirs.
foreach(target ${targets})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    continue()
  endif()
  get_target_property(source ${target} SOURCE_DIR)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${source}/*.hpp)
  foreach(header ${headers})
    file(STRINGS ${header} sealed REGEX "^#include (<(rapidjson|capnp|kj)/|\".*\\.capnp\\.h\")")
    if(sealed)
      continue()
    endif()
    cmake_path(GET header PARENT_PATH folder)
    install(FILES ${header} DESTINATION ${ktape_headers}/${folder} COMPONENT krakentape_development)
  endforeach()
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/krakentapeConfig.cmake.in
                              ${CMAKE_BINARY_DIR}/krakentapeConfig.cmake
                              INSTALL_DESTINATION ${ktape_config})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/krakentapeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/krakentapeConfig.cmake ${CMAKE_BINARY_DIR}/krakentapeConfigVersion.cmake
        DESTINATION ${ktape_config}
        COMPONENT krakentape_development)
