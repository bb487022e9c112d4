// The layers and doors of docs/architecture.md over the resolved graph of the whole workspace.
const { doors, layers, testCode } = require('./eslint/doors.js')

const ours = '^(?:apps|packages|scripts)/'
const bench = '^scripts/src/bench/'

/** A folder may import only from the layers below its own. */
function layerRules() {
  return layers.flatMap((folders, level) =>
    folders.flatMap((folder) => {
      const shut = layers
        .slice(level)
        .flat()
        .filter((other) => other !== folder)
      if (shut.length === 0) return []
      return {
        name: `layers: ${folder}`,
        comment:
          'dev-env → apps and scripts → zoho, alerting, dashboard → core → queue → db → runtime: steps may be skipped, never reversed; apps never import apps.',
        severity: 'error',
        from: { path: `^${folder}/`, pathNot: bench },
        to: { path: anyOf(shut) },
      }
    }),
  )
}

/** A guarded library is imported from its home only. */
function doorRules() {
  return doors.map((door) => ({
    name: `door: ${door.name}`,
    comment: door.instead,
    severity: 'error',
    from: { path: `${ours}|^[^/]+$`, pathNot: anyOf(door.homes) },
    to: { path: `(?:^|/)node_modules/(?:@types/)?(?:${door.library})(?:/|$)` },
  }))
}

/** A regular expression for paths that begin with one of these folders or files. */
function anyOf(paths) {
  return `^(?:${paths.map((path) => path.replaceAll('.', '\\.') + (/\/$|\.ts$|mount$/.test(path) ? '' : '/')).join('|')})`
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules(),
    ...doorRules(),
    {
      name: 'bench measures the whole',
      comment: 'Benchmarks run the daemons through @tds/dev-env; they reach into no app.',
      severity: 'error',
      from: { path: bench },
      to: { path: '^apps/' },
    },
    {
      name: 'the simulator stands alone',
      comment:
        'If the simulator shared our signature or paging code, a mistake there would agree with itself.',
      severity: 'error',
      from: { path: '^packages/zoho-simulator/' },
      to: { path: ours, pathNot: '^packages/zoho-simulator/' },
    },
    {
      name: 'the simulator is for dev-env and tests',
      comment: 'A daemon that knows the simulator is tested against itself.',
      severity: 'error',
      from: { path: ours, pathNot: ['^packages/(?:zoho-simulator|dev-env)/', testCode.pattern] },
      to: { path: '^packages/zoho-simulator/' },
    },
    {
      name: 'no deep imports',
      comment: 'A package is what its src/index.ts exports; tests may also use src/testing/index.ts.',
      severity: 'error',
      from: { path: '^((?:apps|packages)/[^/]+|scripts)/' },
      to: {
        path: ours,
        pathNot: ['^$1/', '^(?:(?:apps|packages)/[^/]+|scripts)/src/(?:testing/)?index\\.ts$'],
      },
    },
    {
      name: 'no relative way into another package',
      comment: 'Import another package by its name, @tds/<name>: its exports are its door.',
      severity: 'error',
      from: { path: '^((?:apps|packages)/[^/]+|scripts)/' },
      to: { path: ours, pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no compiled code',
      comment: 'Sources import sources; dist is for the daemons alone.',
      severity: 'error',
      from: { path: ours },
      to: { path: `${ours}.*/dist/` },
    },
    {
      name: 'test support stays in tests',
      comment: 'src/testing and test files are not built: production code that imports them does not start.',
      severity: 'error',
      from: { path: ours, pathNot: testCode.pattern },
      to: { path: `${ours}.*${testCode.pattern}` },
    },
    {
      name: 'no cycles',
      comment: 'Also not through types: two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no orphans',
      comment: 'Nobody imports this file and it imports nothing: use it or delete it.',
      severity: 'error',
      from: {
        orphan: true,
        path: ours,
        pathNot: ['\\.d\\.ts$', '/src/(?:index|main)\\.ts$', testCode.pattern],
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'This import leads nowhere: a wrong path, or a package that is not installed here.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: "Add the library to this package's own package.json.",
      severity: 'error',
      from: { path: ours },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no development dependencies in production',
      comment: 'Whatever a daemon needs to run belongs under "dependencies".',
      severity: 'error',
      from: { path: ours, pathNot: [testCode.pattern, bench] },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/', '/generated/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['tds-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
