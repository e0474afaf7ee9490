"""The vertical collision-avoidance networks (VCAS), flown in a closed loop."""
