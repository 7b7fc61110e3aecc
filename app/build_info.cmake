# Run by every build: writes build_info.hpp anew if the commit has changed.
set(APICAL_COMMIT "unknown")
set(APICAL_DIRTY "false")
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
                RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed)
  set(APICAL_COMMIT ${commit})
  execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(NOT "${changes}" STREQUAL "")
    set(APICAL_DIRTY "true")
  endif()
endif()
configure_file(${SOURCE_DIR}/app/build_info.hpp.in ${OUTPUT} @ONLY)
