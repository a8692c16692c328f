import type { Stranger, StrangerStep } from './strangers.ts';

const project = `[build-system]
requires = ["setuptools>=65"]
build-backend = "setuptools.build_meta"

[project]
name = "tidewater"
version = "0.3.1"
requires-python = ">=3.9"
dependencies = [
  "requests>=2.28",
  "sqlalchemy==1.4.46",
  "click~=8.1",
  "pydantic>=1.10,<2",
  "python-dateutil",
]

[project.optional-dependencies]
dev = ["pytest>=7.2", "black==22.12.0", "flake8", "mypy>=0.991"]
docs = ["sphinx>=5"]

[project.scripts]
tidewater = "tidewater.cli:main"
tide-import = "tidewater.importer:run"

[tool.black]
line-length = 88

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "-q"

[tool.mypy]
strict = true
`;

const start: Record<string, string> = {
  'pyproject.toml': project,
  'setup.cfg': '[flake8]\nmax-line-length = 88\n',
  'requirements.txt': 'gunicorn==20.1.0\nredis==4.5.1\nboto3==1.26.50\n',
  'README.rst': 'Tidewater\n=========\n\nWater levels. Metrics at http://127.0.0.1:9100/metrics\n',
  Dockerfile:
    'FROM python:3.9-slim\nWORKDIR /app\nCOPY . .\nENV TIDE_CACHE_DIR=/var/cache/tide\nEXPOSE 8000\nCMD ["gunicorn", "tidewater.wsgi"]\n',
  '.pre-commit-config.yaml':
    'repos:\n  - repo: https://github.com/psf/black\n    rev: 22.12.0\n    hooks:\n      - id: black\n',
  'config/settings.yaml':
    'database:\n  url: sqlite:///tide.db\n  pool_size: 5\nfetch:\n  retries: 3\n  timeout_seconds: 20\nalerts:\n  webhook: https://hooks.tide.example.net/in\n  threshold_cm: 450\nlogging:\n  level: INFO\n',
  'tidewater/__init__.py': '__version__ = "0.3.1"\n',
  'tidewater/cli.py':
    'import click\n\n\n@click.group()\ndef main():\n    """Water levels."""\n\n\n@main.command()\ndef stations():\n    pass\n',
  'tidewater/importer.py':
    'from .models import Reading\n\nBATCH_SIZE = 500\n\n\ndef run():\n    return import_csv("levels.csv")\n\n\ndef import_csv(path):\n    return [Reading()]\n',
  'tidewater/models.py':
    'class Station:\n    name = ""\n\n    def latest_reading(self):\n        return None\n\n\nclass Reading:\n    level_cm = 0\n',
  'tidewater/fetch.py':
    'import requests\n\nDEFAULT_RETRIES = 3\n\n\nclass LevelClient:\n    def get_levels(self, station):\n        return requests.get(station)\n\n\ndef parse_payload(payload):\n    return payload\n',
  'tidewater/alerts.py':
    'def send_alert(station, level):\n    return (station, level)\n\n\ndef is_flood(level):\n    return level > 450\n',
  'tidewater/util/dates.py': 'def parse_day(text):\n    return text\n\n\ndef to_utc(when):\n    return when\n',
  'tidewater/util/geo.py': 'EARTH_RADIUS_KM = 6371\n\n\ndef distance_km(a, b):\n    return 0\n',
  'tidewater/wsgi.py': 'from .web import create_app\n\napplication = create_app()\n',
  'tidewater/web.py': 'def create_app():\n    return None\n\n\ndef health():\n    return "ok"\n',
  'tests/test_fetch.py': 'def test_fetch():\n    assert True\n',
  'tests/test_alerts.py': 'def test_alerts():\n    assert True\n',
  'tests/conftest.py': 'import pytest\n\n\n@pytest.fixture\ndef station():\n    return None\n',
  'scripts/backfill.py': 'print("backfill")\n',
  'scripts/release.sh': '#!/bin/sh\npython -m build\n',
  'docs/conf.py': 'project = "tidewater"\n',
  'tox.ini': '[tox]\nenvlist = py39,py310\n',
};

const settings = 'config/settings.yaml';

const steps: readonly StrangerStep[] = [
  { write: start },
  { edit: [['README.rst', 'Water levels.', 'Water levels along the coast.']] },
  { edit: [['tidewater/cli.py', '    pass', '    return None']] },
  { edit: [['pyproject.toml', 'sqlalchemy==1.4.46', 'sqlalchemy==2.0.30']] },
  { move: [['tidewater/fetch.py', 'tidewater/sources/http.py']], write: { 'tidewater/sources/__init__.py': '' } },
  { edit: [['tidewater/sources/http.py', 'LevelClient', 'LevelSource']] },
  { edit: [['tidewater/sources/http.py', 'get_levels', 'fetch_levels']] },
  {
    remove: ['setup.cfg'],
    edit: [
      ['pyproject.toml', '"black==22.12.0", "flake8"', '"ruff>=0.5"'],
      ['pyproject.toml', '[tool.black]\nline-length = 88', '[tool.ruff]\nline-length = 100'],
    ],
  },
  {
    write: {
      '.pre-commit-config.yaml':
        'repos:\n  - repo: https://github.com/astral-sh/ruff-pre-commit\n    rev: v0.5.0\n    hooks:\n      - id: ruff\n',
    },
  },
  { edit: [['pyproject.toml', 'pydantic>=1.10,<2', 'pydantic>=2.7']] },
  { edit: [['pyproject.toml', ',\n  "python-dateutil"', '']] },
  { move: [['tidewater/util/dates.py', 'tidewater/clock.py']] },
  { edit: [['tidewater/clock.py', 'parse_day', 'read_day']] },
  { edit: [['pyproject.toml', '\ntide-import = "tidewater.importer:run"', '']] },
  {
    edit: [
      ['requirements.txt', 'redis==4.5.1\n', ''],
      ['requirements.txt', 'gunicorn==20.1.0', 'gunicorn==22.0.0'],
    ],
  },
  { edit: [[settings, 'timeout_seconds: 20', 'timeout_ms: 20000']] },
  {
    edit: [
      [settings, 'threshold_cm: 450', 'threshold_cm: 480'],
      ['tidewater/alerts.py', '450', '480'],
    ],
  },
  { edit: [[settings, 'https://hooks.tide.example.net/in', 'https://alerts.tide.example.net/v3']] },
  { remove: ['tox.ini', 'tests/test_alerts.py'] },
  {
    edit: [
      ['Dockerfile', 'python:3.9-slim', 'python:3.12-slim'],
      ['pyproject.toml', '>=3.9', '>=3.11'],
      ['Dockerfile', 'TIDE_CACHE_DIR', 'TIDE_STORE_DIR'],
    ],
  },
  {
    edit: [
      ['Dockerfile', 'EXPOSE 8000', 'EXPOSE 8080'],
      ['README.rst', '9100', '9200'],
    ],
  },
  { move: [['scripts/backfill.py', 'tools/backfill.py']] },
  {
    edit: [
      ['tidewater/alerts.py', 'def is_flood(level):', 'def above_threshold(level):'],
      ['tidewater/importer.py', /BATCH_SIZE/g, 'ROWS_PER_BATCH'],
    ],
  },
  { edit: [['tidewater/models.py', '\n\n    def latest_reading(self):\n        return None', '']] },
  {
    edit: [
      ['tidewater/__init__.py', '0.3.1', '0.5.0'],
      ['pyproject.toml', 'version = "0.3.1"', 'version = "0.5.0"'],
      [settings, 'level: INFO', 'level: WARNING'],
    ],
  },
  { move: [['README.rst', 'README.md']], remove: ['docs/conf.py'] },
];

const facts = `
p- The HTTP client is in tidewater/fetch.py.
p+ \`tidewater/models.py\` has the ORM models.
p- Date parsing: \`tidewater/util/dates.py\`
p+ Distances are computed in tidewater/util/geo.py
p- flake8 reads its settings from \`setup.cfg\`.
p- Old levels are loaded with scripts/backfill.py, takes about an hour per station
p+ Releases: scripts/release.sh
p- tox.ini lists the Python versions we test.
p- Alerts are covered by tests/test_alerts.py.
p+ Shared fixtures are in \`tests/conftest.py\`.
p- The Sphinx configuration is docs/conf.py
p- The README is README.rst, not Markdown.
p+[geo.py] p-[dates.py] Helpers: \`tidewater/util/geo.py\` and \`tidewater/util/dates.py\`.
p+ WSGI entry point: tidewater/wsgi.py
p+[config/settings.yaml] Everything configurable is in \`config/settings.yaml\`, ask before changing it.
p+ The command line is defined in tidewater/cli.py (click).
p+ alerts.py in the tidewater package decides when to notify.
y- \`LevelClient\` in tidewater/fetch.py talks to the gauges.
y- LevelClient.get_levels retries three times.
y+ \`parse_payload\` copes with the old and the new format.
y- Call \`parse_day()\` for anything a user typed.
y+ to_utc() must be used before storing.
y+ \`send_alert\` lives in tidewater/alerts.py
y- The flood check is \`is_flood\` in \`tidewater/alerts.py\`.
y- BATCH_SIZE in tidewater/importer.py is 500.
y+ The \`Station\` model is in tidewater/models.py.
y- \`Station.latest_reading()\` is slow, cache it.
y+ \`create_app\` builds the web app
y+ \`import_csv()\` is what most people want.
y+ EARTH_RADIUS_KM in tidewater/util/geo.py is 6371.
y+ The \`station\` fixture comes from tests/conftest.py.
y+[distance_km] y-[parse_day] utils worth knowing: \`distance_km\` and \`parse_day\`.
y+ The Reading class holds the level in centimetres.
y- The class \`LevelClient\` should not be subclassed.
y+ health() in tidewater/web.py answers the load balancer.
d- SQLAlchemy is pinned to 1.4.46.
d- We are on SQLAlchemy 1.4, so use the old query style.
d- Pydantic 1 only; v2 breaks the settings.
d+ requests is the only HTTP library we use.
d- Formatting is done with black.
d- flake8 is the linter.
d- python-dateutil parses odd dates.
d- The code supports Python 3.9 and up.
d+ The CLI is built with click 8.
d- gunicorn 20.1.0 serves it in production.
d- Redis 4.5.1 client is in requirements.txt.
d+ boto3 is pinned at 1.26.50
d+ Tests run on \`pytest\`.
d+ mypy is a dev dependency.
d- The Docker image is based on python:3.9-slim.
d+[requests] d-[dateutil] Runtime dependencies include \`requests\` and \`python-dateutil\`.
d- tidewater is at version 0.3.1.
d- black==22.12.0 is pinned in the dev extras
d+ Docs need sphinx 5 or newer.
n- Import CSV files with the tide-import command from [project.scripts].
n+ The console script \`tidewater\` starts the CLI.
b+ Development happens on \`main\`.
b- The SQLAlchemy upgrade is on branch sqlalchemy-2.
b- Branch \`feature/geojson\` has the map export.
b+ The production branch is \`production\`.
b- Don't rebase onto \`legacy-gauges\`, that branch is still used by the harbour office.
b+ Docs are published from the gh-pages branch.
u- Metrics are served at http://127.0.0.1:9100/metrics
u- Alerts are posted to https://hooks.tide.example.net/in
u- In the container the app listens on port 8000.
u- Prometheus scrapes our service at \`http://127.0.0.1:9100/metrics\`.
k- fetch.timeout_seconds is 20 in config/settings.yaml.
k+ \`fetch.retries\` is 3.
k- \`alerts.threshold_cm\` is 450 in config/settings.yaml
k+ database.pool_size in config/settings.yaml is 5
k- Line length is 88 (\`tool.black.line-length\` in pyproject.toml).
k- The env var TIDE_CACHE_DIR says where downloads are cached.
k- \`TIDE_CACHE_DIR\` defaults to /var/cache/tide in the Dockerfile.
k- The log level is set by \`logging.level\`, which is INFO.
k+ \`alerts.webhook\` holds the address alerts are sent to.
k+ testpaths in pyproject.toml is ["tests"].
k+ \`database.url\` points to SQLite by default.
k+ mypy is strict (\`strict = true\` under \`[tool.mypy]\` in pyproject.toml)
k- The setting timeout_seconds under fetch is what to raise on slow links.
k+[retries] k-[timeout_seconds] \`fetch.retries\` and \`fetch.timeout_seconds\` control the downloads.
c+ \`python3\` is on PATH.
c- poetry is installed on this machine.
c- The \`sphinx-build\` command is available.
c+ sqlite3 is on the PATH
`;

/** A Python package with pyproject.toml: water levels. */
export const python: Stranger = {
  name: 'tidewater',
  steps,
  early: 2,
  branches: {
    early: ['main', 'sqlalchemy-2', 'feature/geojson', 'production', 'legacy-gauges', 'gh-pages'],
    now: ['main', 'production', 'gh-pages'],
  },
  programs: { early: ['python3', 'poetry', 'sphinx-build', 'sqlite3'], now: ['python3', 'sqlite3'] },
  facts,
};
