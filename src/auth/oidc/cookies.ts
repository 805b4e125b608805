/** The cookie that binds what an application began to the browser that was sent here. */
export const INTERACTION_COOKIE = 'vestibule_interaction';
