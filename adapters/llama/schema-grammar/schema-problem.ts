/** Why a schema has no grammar: one clause that names the keyword. Thrown inside, a result outside. */
export class SchemaProblem extends Error {}
