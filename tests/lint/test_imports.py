"""Which part of a project may import which: CONTRIBUTING.md says it in a table.

The parts are found by their folders, so a new app or a new module of deploy/ is checked too.
"""

import sys

import grimp
import pytest
from support import Baker

FABRIC = {"fabric", "invoke", "paramiko"}
NAME = "mysite"


@pytest.fixture(scope="session")
def packages(template, tmp_path_factory):
    """The names of the packages of a project, which can be imported."""
    project = Baker(template, tmp_path_factory.mktemp("imports")).bake(project_name=NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project))
        yield {path.parent.name for path in project.glob("*/__init__.py")}


@pytest.fixture(scope="session")
def graph(packages):
    """Which module of the project imports which; of a package of others, its first name."""
    return grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="session")
def apps(packages):
    return packages - {"deploy"}


def imports(graph, package):
    """Yield (importer, imported) of all that a package imports from outside of itself."""
    for importer in sorted({package, *graph.find_descendants(package)}):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if imported != package and not imported.startswith(f"{package}."):
                yield importer, imported


def first(module):
    return module.partition(".")[0]


def test_the_apps_import_nothing_of_the_deploy(graph, apps):
    assert {"multisite", "page_cache", NAME} <= apps
    found = [pair for app in apps for pair in imports(graph, app)]
    assert found
    assert [pair for pair in found if first(pair[1]) in ("deploy", "fabfile")] == []


def test_the_deploy_imports_fabric_and_neither_django_nor_an_app(graph):
    allowed = FABRIC | sys.stdlib_module_names
    found = [*imports(graph, "deploy")]
    assert found
    assert [pair for pair in found if first(pair[1]) not in allowed] == []


def test_what_runs_on_the_server_imports_the_standard_library_alone(graph):
    found = [*imports(graph, "deploy.on_host")]
    assert found
    assert [pair for pair in found if pair[1] not in sys.stdlib_module_names] == []


def test_inside_of_the_deploy_imports_go_one_way(graph):
    assert graph.find_shortest_chain("deploy.plans", "deploy.config")  # steps, host and so on
    assert graph.nominate_cycle_breakers("deploy") == set()


def test_the_configuration_is_at_the_bottom(graph):
    within = {m for m in graph.find_upstream_modules("deploy.config") if first(m) == "deploy"}
    rules = {"deploy.outside", "deploy.on_host.database_url"}  # of keys of their own
    assert within - {"deploy.on_host"} == rules
    for module in rules:
        assert not [m for m in graph.find_upstream_modules(module) if first(m) == "deploy"]
