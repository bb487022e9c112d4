import { messageOf, run, TdsError } from '@tds/runtime'

import { readDemoWish, usage } from './demo/arguments.ts'
import { createDemo } from './demo/create-demo.ts'
import { askRunningDemo } from './demo/running-demo.ts'
import { openScreen } from './demo/screen.ts'

const wish = readDemoWish(process.argv.slice(2))
switch (wish.kind) {
  case 'help':
    console.log(usage)
    break
  case 'wrong':
    console.error(`demo: ${wish.problem}\n\n${usage}`)
    process.exitCode = 2
    break
  case 'sql':
    await answer(wish.statement)
    break
  case 'play':
    await run('demo', (env, control) =>
      createDemo({ env, screen: openScreen(process.stdout), once: wish.once, size: wish.size }, control),
    )
}

async function answer(statement: string): Promise<void> {
  try {
    for (const line of await askRunningDemo(statement)) console.log(line)
  } catch (error) {
    console.error(`demo: ${messageOf(error)}`)
    if (error instanceof TdsError) console.error(error.nextStep)
    process.exitCode = 1
  }
}
