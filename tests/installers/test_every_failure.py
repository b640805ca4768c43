"""Where to look for each way in which an installation can go wrong: the test that plants it. A row whose test is gone fails."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
HELD = {
    "killed while fetching": ("installers/test_failure_modes.py", "killed_while_fetching_only_the_rest_is_fetched"),
    "killed at any point": ("installers/test_kill.py", "killed_anywhere"),
    "killed again and again": ("installers/test_failure_modes.py", "three_kills_leave_no_more_than_one"),
    "killed between two renames": ("installers/test_install.py", "recovery_between_two_renames"),
    "killed while the old one was removed": (
        "installers/test_failure_modes.py",
        "killed_while_the_old_one_was_removed",
    ),
    "children outlive a kill": ("installers/test_outliving.py", "what_a_killed_run_left_running_is_waited_for"),
    "in pieces already, made by others": (
        "installers/test_install.py",
        "in_place_repairs_what_pip_and_uv_do_not_see",
    ),
    "in pieces already, made by dlcheck": ("installers/test_install.py", "a_broken_environment_of_ours_is_repaired"),
    "changed bytes in uv's cache": (
        "installers/test_install.py",
        "a_change_in_one_environment_does_not_come_back_in_the_next",
    ),
    "the network is lost": ("installers/test_failure_modes.py", "a_network_that_is_lost_for_good"),
    "a name that is not known": ("installers/test_failure_modes.py", "a_name_that_nobody_knows"),
    "a proxy that is gone": ("installers/test_failure_modes.py", "a_proxy_that_is_gone_is_named_with_its_variable"),
    "a certificate of somebody in between": (
        "installers/test_failure_modes.py",
        "somebody_in_between_opens_the_connection",
    ),
    "truncated, corrupted, dropped once": ("installers/test_install.py", "one_bad_answer_is_overcome"),
    "wrong bytes every time": ("installers/test_install.py", "what_cannot_be_overcome_leaves_the_old_environment"),
    "an index that lies about hashes": ("installers/test_install.py", "an_index_that_lies_about_its_hashes"),
    "no wheel for this Python or system": ("test_selection.py", "what_cannot_be_had_is_refused"),
    "too little space, seen before": (
        "installers/test_full_disks.py",
        "a_disk_that_is_too_small_is_told_before_any_download",
    ),
    "disk full under the wheels": ("installers/test_full_disks.py", "no_space_left_for_the_wheels"),
    "disk full under uv's cache or the environment": ("installers/test_full_disks.py", "no_space_left_to_unpack"),
    "cache, state and target on other disks": ("installers/test_full_disks.py", "places_on_three_disks_work_together"),
    "a disk mounted read-only": ("installers/test_full_disks.py", "a_disk_that_is_mounted_read_only"),
    "a folder without rights": (
        "installers/test_install.py",
        "a_folder_that_cannot_be_written_to_is_told_before_any_work",
    ),
    "two runs at once": (
        "installers/test_outliving.py",
        "of_two_runs_the_second_waits_and_has_nothing_left_to_do",
    ),
    "a Python of the system (PEP 668), a home": (
        "installers/test_failure_modes.py",
        "a_python_of_the_system_and_a_home_are_no_targets",
    ),
    "no venv and no ensurepip": (
        "installers/test_failure_modes.py",
        "an_interpreter_without_venv_and_ensurepip_is_enough",
    ),
    "variables of conda, pip, uv and Python": (
        "installers/test_failure_modes.py",
        "variables_of_other_tools_decide_nothing",
    ),
    "no driver, an old one, a GPU without code, two CUDA majors": (
        "test_selection.py",
        "no_build_that_this_machine_cannot_run",
    ),
    "the wheel is another build than was chosen": (
        "installers/test_install.py",
        "where_the_wheel_says_otherwise_it_wins",
    ),
    "two packages own one file": ("installers/test_failure_modes.py", "two_packages_that_own_one_file"),
    "tensorflow beside tensorflow-cpu": ("installers/test_install.py", "in_place_a_namesake_goes"),
    "what was installed does not train": (
        "installers/test_failure_modes.py",
        "a_framework_that_does_not_train_never_takes_the_place",
    ),
    "a folder that is no environment": ("installers/test_install.py", "folders_of_others_are_left_alone"),
    "Ctrl-C": ("installers/test_kill.py", "an_interrupt_is_tidy_and_the_rest_is_fetched_later"),
    "Ctrl-C before a silent server": (
        "installers/test_kill.py",
        "an_interrupt_does_not_wait_for_a_server_that_says_nothing",
    ),
    "a namesake on a later index": (
        "installers/test_failure_modes.py",
        "no_name_is_ever_taken_from_an_index_that_comes_later",
    ),
    "passwords in any output": (
        "installers/test_failure_modes.py",
        "credentials_are_in_no_output_whatever_goes_wrong",
    ),
}


@pytest.mark.parametrize("failure", HELD)
def test_its_test_is_there(failure: str):
    file, name = HELD[failure]
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    assert f"test_{name}" in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
