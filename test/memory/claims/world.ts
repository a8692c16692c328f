/** Four small repositories as they are now; the memories of `prose-*.ts` were noted over time and are judged against them. */
export type WorldName = 'shop' | 'pipeline' | 'gate' | 'quill';

/** `true`: all it says holds. `stale`: something it says no longer holds. `none`: a plan, a past or a taste; never an alarm. */
export type Truth = 'true' | 'stale' | 'none';
export type Memory = readonly [world: WorldName, truth: Truth, text: string];

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const shop: Readonly<Record<string, string>> = {
  'package.json': json({
    name: 'shop',
    version: '2.3.0',
    packageManager: 'pnpm@9.12.0',
    engines: { node: '>=22' },
    scripts: {
      build: 'tsc -p .',
      dev: 'node --watch src/server.ts',
      test: 'vitest run',
      'test:e2e': 'playwright test',
      lint: 'eslint .',
      typecheck: 'tsc --noEmit',
      'db:migrate': 'drizzle-kit migrate',
    },
    dependencies: { fastify: '^5.2.1', zod: '^4.1.0', pino: '^9.5.0', 'drizzle-orm': '^0.36.0', '@acme/ui': '3.0.1' },
    devDependencies: { vitest: '^3.1.0', typescript: '~5.8.2', '@playwright/test': '1.49.1', eslint: '^9.14.0' },
  }),
  '.nvmrc': '22\n',
  '.env.example': 'DATABASE_URL=postgres://localhost:5432/shop\nREDIS_URL=redis://localhost:6379\nSTRIPE_SECRET_KEY=\n',
  'tsconfig.json':
    '{\n  // The compiler only checks.\n  "compilerOptions": { "strict": true, "target": "es2023", "outDir": "dist" }\n}\n',
  'src/server.ts':
    "import { loadConfig } from './config/load.ts';\nexport const DEFAULT_PORT = 8080;\n/** Formerly in index.ts. */\nexport async function startServer(): Promise<void> {\n  const config = loadConfig();\n  void config;\n}\n",
  'src/config/load.ts':
    "export const CONFIG_FILE = 'config/default.yaml';\nexport function loadConfig(): unknown {\n  return process.env['DATABASE_URL'];\n}\n",
  'src/billing/invoice.ts':
    'export type InvoiceLine = { readonly cents: number };\nexport class InvoiceBuilder {\n  #lines: InvoiceLine[] = [];\n  addLine(line: InvoiceLine): this {\n    this.#lines.push(line);\n    return this;\n  }\n  total(): number {\n    return 0;\n  }\n}\n',
  'src/billing/tax.ts':
    'export function vatRate(country: string): number {\n  return country === "DE" ? 0.19 : 0;\n}\n',
  'src/orders/repository.ts':
    "import { toCents } from '../lib/money.ts';\nexport class OrderRepository {\n  async findById(id: string): Promise<unknown> {\n    return toCents(Number(id));\n  }\n  async save(): Promise<void> {}\n}\n",
  'src/orders/events.ts':
    'export interface OrderPlaced {\n  readonly id: string;\n}\nexport const orderEvents = new EventTarget();\n',
  'src/http/routes/orders.ts': 'export function registerOrderRoutes(): void {}\n',
  'src/http/auth.ts':
    'export const requireUser = async (): Promise<void> => {};\nconst SESSION_TTL_MINUTES = 45;\nvoid SESSION_TTL_MINUTES;\n',
  'src/lib/money.ts':
    'export function formatMoney(cents: number): string {\n  return String(cents);\n}\nexport const toCents = (value: number): number => value * 100;\n',
  'web/src/components/CartDrawer.tsx': 'export function CartDrawer() {\n  return <aside />;\n}\n',
  'web/src/hooks/useCart.ts': 'export function useCart() {\n  return [];\n}\n',
  'test/unit/tax.test.ts': "import { vatRate } from '../../src/billing/tax.ts';\nvoid vatRate;\n",
  'test/e2e/checkout.spec.ts': "import { test } from '@playwright/test';\nvoid test;\n",
  'scripts/seed.ts': 'export {};\n',
  'db/migrations/0001_init.sql': 'create table orders (id text);\n',
  'db/migrations/0002_orders.sql': 'alter table orders add column total int;\n',
  'docker-compose.yml':
    'services:\n  api:\n    build: .\n    ports: ["8080:8080"]\n  postgres:\n    image: postgres:16\n    ports: ["5432:5432"]\n  redis:\n    image: redis:7-alpine\n',
  'config/default.yaml':
    'server:\n  port: 8080\n  host: 0.0.0.0\ncache:\n  ttlSeconds: 300\nfeatures:\n  newCheckout: true\n',
  Makefile:
    '.PHONY: up down deploy\nup:\n\tdocker compose up -d\ndown:\n\tdocker compose down\ndeploy: up\n\t./scripts/deploy\n',
  '.github/workflows/ci.yml':
    'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pnpm test\n',
  'README.md': '# shop\n\nOnce upon a time this ran on express.\n',
};

const pipeline: Readonly<Record<string, string>> = {
  'pyproject.toml':
    '[project]\nname = "pipeline"\nversion = "0.9.4"\nrequires-python = ">=3.12"\ndependencies = [\n  "polars>=1.12",\n  "httpx==0.27.2",\n  "pydantic>=2.9,<3",\n  "typer~=0.12",\n]\n\n[project.optional-dependencies]\ndev = ["pytest>=8", "ruff"]\n\n[project.scripts]\npipeline = "pipeline.cli:app"\n\n[tool.ruff]\nline-length = 100\n',
  'requirements-dev.txt': 'mypy==1.13.0\npre-commit>=4.0\n',
  '.python-version': '3.12\n',
  Dockerfile: 'FROM python:3.12-slim\nCOPY . /app\nEXPOSE 8000\n',
  'src/pipeline/__init__.py': '',
  'src/pipeline/cli.py':
    'import typer\n\napp = typer.Typer()\n\n\n@app.command()\ndef run(day: str) -> None:\n    """Runs a day. See parse_legacy for the old way."""\n',
  'src/pipeline/settings.py':
    'from pydantic import BaseModel\n\n\nclass Settings(BaseModel):\n    warehouse_url: str = "duckdb:///data.db"\n    batch_size: int = 1000\n',
  'src/pipeline/ingest/reader.py':
    'class CsvReader:\n    def __init__(self, path):\n        self.path = path\n\n    def read_batch(self, size):\n        return []\n\n\ndef open_source(uri):\n    # ParquetReader went away with pandas\n    return CsvReader(uri)\n',
  'src/pipeline/ingest/schema.py': 'from pydantic import BaseModel\n\n\nclass Row(BaseModel):\n    id: int\n',
  'src/pipeline/transform/dedupe.py': 'MAX_WINDOW = 500\n\n\ndef drop_duplicates(rows):\n    return rows\n',
  'src/pipeline/load/warehouse.py': 'class Warehouse:\n    async def upsert(self, rows):\n        return len(rows)\n',
  'tests/conftest.py': 'import pytest\n',
  'tests/test_reader.py':
    'from pipeline.ingest.reader import CsvReader\n\n\ndef test_reads():\n    assert CsvReader("x").read_batch(1) == []\n',
  'docs/runbook.md': '# Runbook\n',
};

const gate: Readonly<Record<string, string>> = {
  'go.mod':
    'module github.com/acme/gate\n\ngo 1.23\n\nrequire (\n\tgithub.com/go-chi/chi/v5 v5.1.0\n\tgo.uber.org/zap v1.27.0\n\tgolang.org/x/time v0.8.0 // indirect\n)\n',
  Makefile: 'build:\n\tgo build ./cmd/gate\ntest:\n\tgo test ./...\nlint:\n\tgolangci-lint run\n',
  'cmd/gate/main.go': 'package main\n\nfunc main() {\n\trun()\n}\n\nfunc run() {}\n',
  'internal/proxy/proxy.go':
    'package proxy\n\nimport "net/http"\n\n// Proxy passes requests on.\ntype Proxy struct {\n\ttarget string\n}\n\nfunc NewProxy(target string) *Proxy {\n\treturn &Proxy{target: target}\n}\n\nfunc (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {}\n',
  'internal/limit/bucket.go':
    'package limit\n\nconst DefaultBurst = 20\n\ntype Bucket struct {\n\ttokens int\n}\n\nfunc (b *Bucket) Take() bool {\n\treturn b.tokens > 0\n}\n',
  'config.toml': '[listen]\naddr = ":9090"\n\n[limits]\nrps = 50\n',
  'deploy/gate.service': '[Service]\nExecStart=/usr/bin/gate\n',
  'README.md': '# gate\n',
};

const quill: Readonly<Record<string, string>> = {
  'Cargo.toml':
    '[package]\nname = "quill"\nversion = "0.5.1"\nedition = "2021"\n\n[dependencies]\ntokio = { version = "1.41", features = ["full"] }\nserde = "1.0.215"\nclap = "4.5"\n\n[dev-dependencies]\ninsta = "1.41.1"\n',
  'src/main.rs': 'mod parser;\nmod render;\n\nfn main() {\n    parser::parse_document("");\n}\n',
  'src/parser/mod.rs':
    'pub struct Document {\n    pub blocks: Vec<Block>,\n}\n\npub enum Block {\n    Heading(u8),\n    Paragraph(String),\n}\n\npub fn parse_document(text: &str) -> Document {\n    let _ = text;\n    Document { blocks: vec![] }\n}\n',
  'src/render.rs':
    'use crate::parser::Document;\n\npub trait Renderer {\n    fn render(&self, document: &Document) -> String;\n}\n\npub struct HtmlRenderer;\n\nimpl Renderer for HtmlRenderer {\n    fn render(&self, _document: &Document) -> String {\n        String::new()\n    }\n}\n\nconst WRAP_COLUMNS: usize = 88;\n',
  'tests/golden.rs': '#[test]\nfn renders() {}\n',
  'rust-toolchain.toml': '[toolchain]\nchannel = "1.82.0"\n',
};

export const WORLD: Readonly<Record<WorldName, Readonly<Record<string, string>>>> = { shop, pipeline, gate, quill };

/** Branches beside `main`, the one that is checked out. */
export const BRANCHES: Readonly<Record<WorldName, readonly string[]>> = {
  shop: ['feature/checkout-v2', 'release/2.3'],
  pipeline: ['dev'],
  gate: [],
  quill: ['next'],
};
