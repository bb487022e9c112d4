import { builtinModules } from 'node:module'
import js from '@eslint/js'
import comments from '@eslint-community/eslint-plugin-eslint-comments'
import { defineConfig } from 'eslint/config'
import { importX } from 'eslint-plugin-import-x'
import jest from 'eslint-plugin-jest'
import jsdoc from 'eslint-plugin-jsdoc'
import tseslint from 'typescript-eslint'
import { doors, testCode } from './eslint/doors.js'
import { fileName } from './eslint/file-name.js'

// Programs that talk to a person: printing is their job.
const printing = ['packages/dev-env/**', 'scripts/**', 'packages/zoho-simulator/src/main.ts']

// Files whose reader (a tool, or Jest) asks for a default export.
const configFiles = ['*.{js,cjs,mjs,ts}', '**/*.config.{js,cjs,mjs,ts}', '**/global-{setup,teardown}.ts']

// Arrow functions are for callbacks and for what captures its surroundings; a typed constant may hold one.
const topLevelArrow = {
  selector:
    ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression.init',
  message: 'Declare it: function name() {}.',
}

export default defineConfig(
  {
    ignores: ['**/dist/', '**/generated/', '**/coverage/', '**/.turbo/', 'var/'],
  },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
  },
  js.configs.recommended,
  {
    name: 'house/every-file',
    plugins: {
      'import-x': importX,
      'eslint-comments': comments,
      house: { rules: { 'file-name': fileName } },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'house/file-name': 'error',
      'no-restricted-syntax': ['error', topLevelArrow],

      'eslint-comments/require-description': ['error', { ignore: ['eslint-enable'] }],
      'eslint-comments/no-unlimited-disable': 'error',
      'eslint-comments/disable-enable-pair': ['error', { allowWholeFile: true }],

      'import-x/first': 'error',
      'import-x/newline-after-import': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/no-default-export': 'error',
      'import-x/order': [
        'error',
        {
          groups: ['builtin', 'external', 'internal', 'parent', ['sibling', 'index']],
          pathGroups: [{ pattern: '@tds/**', group: 'internal' }],
          pathGroupsExcludedImportTypes: ['builtin'],
          alphabetize: { order: 'asc', caseInsensitive: true },
        },
      ],

      // The environment enters through run(), the exit code leaves through it.
      'no-restricted-properties': ['error', ...environmentProperties()],
      'no-restricted-imports': ['error', importRules()],
    },
  },
  {
    name: 'house/typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/max-params': ['error', { max: 3 }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Spreading a string walks its code points, which is what reading JSON and Arabic names takes.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // A method may be asynchronous because its interface says so, without a wait of its own.
      '@typescript-eslint/require-await': 'off',
      // The compiler knows what is defined; ESLint's list of globals does not.
      'no-undef': 'off',
    },
  },
  {
    name: 'house/docstrings',
    files: ['**/src/**/*.ts'],
    plugins: { jsdoc },
    settings: { jsdoc: { mode: 'typescript' } },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          enableFixer: false,
          require: { FunctionDeclaration: true, ClassDeclaration: true },
          contexts: ['VariableDeclaration', 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration'],
        },
      ],
      'jsdoc/require-description': ['error', { contexts: ['any'] }],
      'jsdoc/no-types': 'error',
    },
  },
  {
    name: 'house/tests',
    files: testCode.globs,
    extends: [jest.configs['flat/recommended']],
    languageOptions: { globals: jest.environments.globals.globals },
    // Without this the plugin looks for an installed Jest beside every file.
    settings: { jest: { version: 30 } },
    rules: {
      'jest/consistent-test-it': ['error', { fn: 'it', withinDescribe: 'it' }],
      'jest/expect-expect': [
        'error',
        { assertFunctionNames: ['expect*', '**.expect*', '**.assert', 'assert*'] },
      ],
      // A property may claim something of a part of its inputs only.
      'jest/no-conditional-expect': 'off',
      'jest/no-disabled-tests': 'error',
      'jest/no-focused-tests': 'error',
      'jest/no-identical-title': 'error',
      // A contract suite exports the tests that its subjects run.
      'jest/no-export': 'off',
      'jest/valid-title': [
        'error',
        {
          ignoreTypeOfDescribeName: true,
          mustNotMatch: {
            it: ['^should\\b', 'A title is a claim: say what the thing does, not what it should.'],
          },
        },
      ],
      'jest/unbound-method': 'error',
      '@typescript-eslint/unbound-method': 'off',
      // The arguments of a property come one by one.
      '@typescript-eslint/max-params': 'off',
      'no-restricted-syntax': [
        'error',
        topLevelArrow,
        {
          selector: "CallExpression[callee.name='expect'][arguments.0.type='Literal']",
          message: 'An expectation about a literal proves nothing.',
        },
      ],

      // Matchers and parsed answers are `any`; the expectation itself is the check.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',

      // Test support is told by the environment where the run's Postgres is.
      'no-restricted-properties': 'off',
    },
  },
  {
    name: 'house/plain-javascript',
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', module: 'writable', require: 'readonly' },
    },
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
  {
    name: 'house/default-exports',
    files: configFiles,
    rules: { 'import-x/no-default-export': 'off', 'no-restricted-properties': 'off' },
  },
  { name: 'house/printing', files: printing, rules: { 'no-console': 'off' } },
  {
    name: 'house/environment-doors',
    files: ['packages/runtime/**', 'packages/zoho-simulator/src/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  ...openDoors(),
)

/** One configuration per folder that is a home of some library: the same import rules without that door. */
function openDoors() {
  const homes = [...new Set(doors.flatMap((door) => door.homes))]
  return homes.map((home) => ({
    name: `house/door-of-${home}`,
    files: [home.endsWith('.ts') ? home : `${home}**`],
    rules: { 'no-restricted-imports': ['error', importRules(home)] },
  }))
}

/** The import rules of a folder; without one, every door is shut. */
function importRules(home) {
  const shut = doors.filter((door) => !door.homes.includes(home))
  const bareBuiltins = builtinModules.filter((name) => !name.startsWith('node:') && !name.startsWith('_'))
  return {
    paths: [
      ...bareBuiltins.map((name) => ({ name, message: `Write node:${name}.` })),
      ...(home === 'packages/runtime/' ? [] : environmentImports()),
    ],
    patterns: [
      ...shut.map((door) => ({ regex: `^(?:${door.library})(?:/|$)`, message: door.instead })),
      {
        regex: '^@tds/[^/]+/(?!testing$)',
        message: 'Import @tds/<name>, or @tds/<name>/testing in tests: what it exports is its door.',
      },
      {
        regex: '^(?:\\.\\./)+.*\\bsrc/',
        message: 'Import another package by its name, @tds/<name>.',
      },
      {
        regex: '^\\.{1,2}/.*\\.js$',
        message: 'Relative imports carry the extension of the file that is there: .ts.',
      },
    ],
  }
}

/** What of `process` only @tds/runtime may touch. */
function environmentProperties() {
  return [
    {
      object: 'process',
      property: 'env',
      message: 'Take the environment from run() of @tds/runtime, through loadConfig().',
    },
    {
      object: 'process',
      property: 'exit',
      message: 'Throw, or set process.exitCode: run() of @tds/runtime ends the process.',
    },
  ]
}

/** The same by way of an import. */
function environmentImports() {
  return environmentProperties().map(({ property, message }) => ({
    name: 'node:process',
    importNames: [property],
    message,
  }))
}
