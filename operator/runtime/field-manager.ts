/** Who the operator is to the API server when it sets fields, and the name of its Lease. */
export const FIELD_MANAGER = 'capataz-operator';
