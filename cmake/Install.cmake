# What `cmake --install` puts where. Included last by the top CMakeLists.txt.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(_townkrier_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/townkrier")

install(TARGETS townkrier EXPORT townkrier-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${CMAKE_CURRENT_LIST_DIR}/../include/townkrier"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(EXPORT townkrier-targets NAMESPACE townkrier:: DESTINATION "${_townkrier_package_dir}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/townkrier-config.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/townkrier-config.cmake"
  INSTALL_DESTINATION "${_townkrier_package_dir}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/townkrier-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/townkrier-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/townkrier-config-version.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/Dependencies.cmake"
  DESTINATION "${_townkrier_package_dir}")

foreach(_townkrier_program IN ITEMS townkrierd townkrier-cli townkrier-bench)
  if(TARGET ${_townkrier_program})
    install(TARGETS ${_townkrier_program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()
