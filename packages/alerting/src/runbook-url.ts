/** Where it is written what to do about a rule: on the pages of this installation, or in the documentation. */
export function runbookUrl(rule: string, publicUrl: string | null): string {
  const page = `docs/operations/alerts/${rule}.md`
  return publicUrl === null ? page : `${publicUrl}/${page}`
}
