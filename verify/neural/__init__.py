"""The engine for statements about networks over boxes: attack, rigorous bounds, branching."""
