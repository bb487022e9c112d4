import { basename } from 'node:path'

const kebabCase = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/
const drawers = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc'])

/** ESLint rule: file names are kebab-case and say what is inside. */
export const fileName = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      case: 'File names are kebab-case: rename {{name}}.',
      drawer: 'A file named {{name}} becomes a drawer: name it after the one thing it holds.',
    },
  },
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename)
        if (!kebabCase.test(name)) context.report({ node, messageId: 'case', data: { name } })
        if (drawers.has(name.split('.', 1)[0])) context.report({ node, messageId: 'drawer', data: { name } })
      },
    }
  },
}
