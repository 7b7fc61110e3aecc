# The installed tree: libraries, headers, the program, and a package for find_package(apical) with the targets apical::core
# to apical::training. Headers go to a folder of their own, for they include one another from the root ("core/time.hpp").
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY APICAL_MODULES)
set_target_properties(apical_flags PROPERTIES EXPORT_NAME flags)
install(TARGETS apical_flags EXPORT apical)
foreach(module IN LISTS modules)
  install(TARGETS ${module} EXPORT apical
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/apical)
endforeach()
if(TARGET apical)
  install(TARGETS apical RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/apical)
install(EXPORT apical NAMESPACE apical:: FILE apicalTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/apicalConfig.cmake.in apicalConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(apicalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/apicalConfig.cmake ${PROJECT_BINARY_DIR}/apicalConfigVersion.cmake
        DESTINATION ${package_dir})
